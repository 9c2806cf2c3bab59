"""The kernel of the streams: policies and the workers that run them; it knows no business."""
