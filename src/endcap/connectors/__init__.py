"""Files of foreign systems → checked events and items. One file a layout; :func:`import_files` brings them into a shop."""

from endcap.connectors._importing.job import import_files
from endcap.connectors._importing.plan import ImportOptions, Plan
from endcap.connectors._importing.summary import FileSummary, Summary

__all__ = ["FileSummary", "ImportOptions", "Plan", "Summary", "import_files"]
