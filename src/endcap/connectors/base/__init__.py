"""What a connector is made of: the file as rows of text, cells and their meaning, and one base class for each kind of file."""

from endcap.connectors.base.batch import BATCH_EVENTS, Batch, Reject
from endcap.connectors.base.cells import map_cells, money_text, parse_flag, parse_list, parse_number, parse_time
from endcap.connectors.base.checks import MAX_PIECES, Check
from endcap.connectors.base.connector import DEFAULT_CURRENCY, Connector, Dates, Field, Kind, Reading, squashed
from endcap.connectors.base.events import EventConnector, EventReader, Unsound
from endcap.connectors.base.order_events import in_parts
from endcap.connectors.base.orders import OrderConnector, filled_down
from endcap.connectors.base.products import Cells, ProductConnector, price_and_list_price
from endcap.connectors.base.source import Source, open_source
from endcap.connectors.base.table import ROW, Table

__all__ = [
    "BATCH_EVENTS",
    "DEFAULT_CURRENCY",
    "MAX_PIECES",
    "ROW",
    "Batch",
    "Cells",
    "Check",
    "Connector",
    "Dates",
    "EventConnector",
    "EventReader",
    "Field",
    "Kind",
    "OrderConnector",
    "ProductConnector",
    "Reading",
    "Reject",
    "Source",
    "Table",
    "Unsound",
    "filled_down",
    "in_parts",
    "map_cells",
    "money_text",
    "open_source",
    "parse_flag",
    "parse_list",
    "parse_number",
    "parse_time",
    "price_and_list_price",
    "squashed",
]
