"""One library, format or protocol each; none of these knows another."""
