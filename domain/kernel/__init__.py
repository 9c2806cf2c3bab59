"""The kernel of the domain: what every aggregate is made of; it knows no business."""
