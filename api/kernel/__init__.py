"""The kernel of the API: what all requests share; it knows no business."""
