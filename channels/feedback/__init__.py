"""What people write to the office: from its portal, in answer to an SMS, in its Zalo chat."""
