"""A leader who is away has somebody else approve in his stead, for a time."""
