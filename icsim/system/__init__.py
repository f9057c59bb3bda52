"""What lies between organisations: relationships, contracts, money."""
