"""The office's world: the tree of units that items, people, outlets, audiences and plans belong to."""
