"""Adapters to the outside: each for one library, format or protocol, none importing another."""
