/// Closed forms of stations with Poisson arrivals, for estimates beside a simulation.
public enum ErlangFormulas {
  /// Erlang B: the share of calls that c servers without a queue turn away at `load` erlangs.
  ///
  /// B(c) = a B(c-1) / (c + a B(c-1)), B(0) = 1; O(c).
  public static func blocking(servers: Int, load: Double) -> Double {
    precondition(servers >= 0 && load >= 0, "a station has servers and a load")
    var blocking = 1.0
    for server in 0..<servers { blocking = load * blocking / (Double(server + 1) + load * blocking) }
    return blocking
  }

  /// Erlang C: the share of calls that wait for one of c servers at `load` < c erlangs.
  public static func waiting(servers: Int, load: Double) -> Double {
    precondition(load < Double(servers), "a queue without limit needs a load below its servers")
    let blocking = blocking(servers: servers, load: load)
    return Double(servers) * blocking / (Double(servers) - load * (1 - blocking))
  }

  /// The mean wait for one of c servers, in mean service times: Allen and Cunneen's approximation for M/G/c,
  /// (1 + cs^2) / 2 times that of M/M/c; exact for one server (Pollaczek and Khinchine) and for exponential service.
  public static func meanWait(servers: Int, load: Double, serviceCV: Double) -> Double {
    (1 + serviceCV * serviceCV) / 2 * waiting(servers: servers, load: load) / (Double(servers) - load)
  }
}
