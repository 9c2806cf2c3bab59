"""Proofs: that nothing recorded was altered: trees, signed heads, audits."""
