"""Talk to the provider's HTTP API; it alone opens connections to it and holds the token."""

from batch.adapters.provider.api import TOKEN_SETTING, AddressError, DeliveryPage, Provider, TokenError

__all__ = ["TOKEN_SETTING", "AddressError", "DeliveryPage", "Provider", "TokenError"]
