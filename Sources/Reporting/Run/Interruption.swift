// Ctrl-C and SIGTERM: a flag that loops poll, so that a run ends at a place where nothing is half done.

import Glibc
import Synchronization
public import TextFormats

/// The wish of the user, or of the system, that the run end.
public enum Interruption {
  private static let flag = Atomic<Bool>(false)

  /// The run was asked to end.
  ///
  /// Polling costs one relaxed load.
  public static var requested: Bool { flag.load(ordering: .relaxed) }

  /// From now on the first SIGINT or SIGTERM sets the flag; a second one ends the process at once.
  public static func install() {
    // The flag is made here, never inside the handler.
    flag.store(false, ordering: .relaxed)
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in Interruption.flag.store(true, ordering: .relaxed) }
    action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | Int32(SA_RESTART)
    sigaction(SIGINT, &action, nil)
    sigaction(SIGTERM, &action, nil)
    // A parent may have started us from a thread that blocks signals.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// Throws ``Interrupted`` if the run was asked to end.
  public static func check() throws(Interrupted) {
    if requested { throw Interrupted() }
  }
}
