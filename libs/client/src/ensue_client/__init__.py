"""What upstream Python code imports, and the commands that people type: publish events, manage triggers, read back.

async with Client.connect() as ensue:
    await ensue.publish(NewEvent("variant.approved", source="studio", subject="variant-7", data={"score": 0.9}))
"""

from ensue_client.client import Client, Page
from ensue_client.connection import Connection, find_connection
from ensue_client.errors import ApiUnavailable, ClientError, Conflict, Defect, NotAllowed, NotFound, Rejected
from ensue_client.events import ChainHeaders, NewEvent, Published

__all__ = [
    "ApiUnavailable",
    "ChainHeaders",
    "Client",
    "ClientError",
    "Conflict",
    "Connection",
    "Defect",
    "NewEvent",
    "NotAllowed",
    "NotFound",
    "Page",
    "Published",
    "Rejected",
    "find_connection",
]
