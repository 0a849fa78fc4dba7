"""What verbs take and answer on the API, a resource a file."""
