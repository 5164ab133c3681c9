"""The client of the provider's HTTP API: the only code that connects to it and holds the token."""

from batch.adapters.provider.api import TOKEN_SETTING, AddressError, DeliveryPage, Provider, TokenError

__all__ = ["TOKEN_SETTING", "AddressError", "DeliveryPage", "Provider", "TokenError"]
