"""Server: connections, the way of a request, the document, health."""
