"""What a connector is made of: the file as rows of text, cells and their meaning, and one base class for each kind of file."""

from endcap.connectors.base.batch import Batch, Reject
from endcap.connectors.base.checks import Check
from endcap.connectors.base.connector import Connector, Dates, Field, Kind, Reading
from endcap.connectors.base.orders import OrderConnector
from endcap.connectors.base.source import Source, open_source
from endcap.connectors.base.table import ROW, Table

__all__ = [
    "ROW", "Batch", "Check", "Connector", "Dates", "Field", "Kind", "OrderConnector", "Reading", "Reject", "Source", "Table",
    "open_source",
]  # fmt: skip
