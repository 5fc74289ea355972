"""HTTP without an address: how requests are read, how responses and errors are made, what surrounds every request."""
