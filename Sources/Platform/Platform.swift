// Platform: the streaming platform assembled. A scenario becomes a world of edge sites and a core; the way of a
// viewer's request is written here and nowhere else.
