"""The crash matrix: whoever delivers a ticket dies at every step, under every answer that ServiceNow may give."""
