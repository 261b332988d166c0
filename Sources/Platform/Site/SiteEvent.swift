import CDNModel
import SimEngine

/// What happens at a site.
///
/// Completions on the edge link are not events of the queue: the link tells its next one.
enum SiteEvent: BitwiseCopyable {
  /// The next viewer of an arrival process arrives.
  case arrival(process: UInt8)
  /// A segment request reaches the edge.
  case request(SessionRef, requestNumber: UInt32)
  /// A segment from the origin arrives.
  case fetched(SegmentKey)
  /// The tier above says that a stored segment has not changed.
  case confirmed(SegmentKey)
  /// The first byte of a segment has been read from disk.
  case diskRead(SessionRef, requestNumber: UInt32)
  /// The tier above cannot serve a request.
  case refused(SegmentKey, Refusal)
  /// Time to ask again for what the origin failed to give.
  case fetchAgain(SegmentKey, isConditional: Bool)
  /// The whole site is lost, or back again.
  case siteFails
  case siteReturns
  /// A session comes from a lost site.
  case moved(UnsafeMutablePointer<ViewerSession>)
  /// Time to foretell the demand and plan how the site is filled.
  case fill
  /// A file of the plan has arrived.
  case fillStep(UInt32, plan: UInt32)
  /// Named servers fail or come back.
  case serversFail(outage: UInt16)
  case serversReturn(outage: UInt16)
  /// Acknowledgements open the window of a transfer.
  case windowOpens(SessionRef, requestNumber: UInt32)
  /// The capacity of the edge link changes.
  case linkChange
  /// Cache servers fail or come back.
  case serversChange
  /// Time to ask the rule whether a download in flight should go on.
  case progressCheck(SessionRef, requestNumber: UInt32)
  /// The viewer gives up if the first frame has not been shown by now.
  case startupPatience(SessionRef)
  /// The viewer may have waited for too long, in a stall or after a jump; void if there was a jump since.
  case stallPatience(SessionRef, seeks: UInt16)
  /// The viewer may have seen enough; void if there was a jump since.
  case departure(SessionRef, seeks: UInt16)
  /// The viewer jumps within the title.
  case seek(SessionRef)
  /// A title that was announced can be watched.
  case released
  /// The services answer a start request.
  case servicesAnswer(reply: UInt32)
  /// The services tell where a start request stands that is about to be given up.
  case startIsOverdue(reply: UInt32)
  /// The player has waited long enough for the services.
  case servicesTimeOut(SessionRef, attempt: UInt8)
  /// Time to ask the services again.
  case askAgain(SessionRef, attempt: UInt8)
  /// Time to write the position back.
  case positionIsDue(SessionRef)
  /// A session writes how far its viewer has come.
  case offsetWrite(SessionRef)
  /// The cluster answers a session's command about its offset.
  case offsetReply(SessionRef, isWrite: Bool, isServed: Bool)
  /// A window of the time series ends.
  case snapshot
}
