// IngestModel: from upload to published title. Asynchronous upload, chunking, priority scheduling, and transcoding
// workers that fail and are retried.
