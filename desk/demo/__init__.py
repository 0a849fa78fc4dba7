"""Strict sandbox partners: what `make demo` talks to and what tests count on."""
