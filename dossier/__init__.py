"""The walk itself: the only room that sees all the others."""
