"""Outlets whose pending deliveries go by their fallbacks: tables and SQL."""
