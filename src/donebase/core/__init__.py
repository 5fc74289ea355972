"""Tasks and users, and the operations on them: no HTTP, no environment, no driver."""
