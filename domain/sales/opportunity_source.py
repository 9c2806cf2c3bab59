"""Sources: where sales come from."""

from enum import StrEnum


class Source(StrEnum):
    """Where an opportunity came from."""

    ACCOUNT_MANAGER = "account-manager"
    CAMPAIGN = "campaign"
    TENDER = "tender"
    REFERRAL = "referral"
    CUSTOMER_REQUEST = "customer-request"
    RENEWAL = "renewal"
    PARTNER = "partner"
    OTHER = "other"
