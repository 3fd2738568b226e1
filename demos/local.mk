# The demos of the README.
