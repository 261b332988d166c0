// BackendModel: the services behind a play button. Gateway, relational store, wide-column history, object store and
// search, as queueing stations.
