"""The torch twin of each module in ``scratch``: same file names, same parameter names, same shapes."""
