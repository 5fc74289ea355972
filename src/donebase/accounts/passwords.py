"""Hashes and verifies passwords with Argon2id (RFC 9106), in threads."""
