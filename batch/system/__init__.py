"""What the operating system gives, and every adapter may use: files, users, processes without rights."""
