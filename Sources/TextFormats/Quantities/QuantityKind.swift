// What a quantity with a unit can measure, and the units that people may write for it.

/// A kind of quantity with its units.
public enum QuantityKind: String, Sendable, CaseIterable {
  /// A span of time, in nanoseconds.
  case duration
  /// A time of day, in nanoseconds since midnight.
  case clockTime
  /// A bit rate, in bits per second.
  case bitRate
  /// An amount of data, in bytes.
  case byteSize
  /// How often something happens, per second.
  case rate
  /// A share, 1 for the whole.
  case fraction

  /// With its article, for messages: `a duration`.
  public var phrase: String {
    switch self {
    case .duration: "a duration"
    case .clockTime: "a time of day"
    case .bitRate: "a bit rate"
    case .byteSize: "a byte size"
    case .rate: "a rate"
    case .fraction: "a fraction"
    }
  }

  /// Texts of this kind, for messages and documentation.
  public var examples: [String] {
    switch self {
    case .duration: ["4s", "250ms", "15min"]
    case .clockTime: ["21:00", "06:30:15"]
    case .bitRate: ["25Mbit/s", "800kbit/s", "10Gbit/s"]
    case .byteSize: ["20TB", "500MB", "1.5GiB"]
    case .rate: ["40/h", "5/s", "200/min"]
    case .fraction: ["20%", "0.2"]
    }
  }

  /// `write it like 4s, 250ms or 15min`.
  public var advice: String {
    let texts = examples
    guard let last = texts.last, texts.count > 1 else { return "write it like \(texts.joined())" }
    return "write it like \(texts.dropLast().joined(separator: ", ")) or \(last)"
  }

  /// Units from the smallest up, with what one of each is in base units (seconds in one period for rates).
  var units: [QuantityUnit] {
    switch self {
    case .duration: Self.durationUnits
    case .bitRate: Self.bitRateUnits
    case .byteSize: Self.byteSizeUnits
    case .rate: Self.rateUnits
    case .clockTime, .fraction: []
    }
  }

  private static let durationUnits: [QuantityUnit] = [
    QuantityUnit("ns", 1, aliases: ["nsec"]),
    QuantityUnit("us", 1000, aliases: ["usec", "µs", "μs"]),
    QuantityUnit("ms", 1_000_000, aliases: ["msec", "millis"]),
    QuantityUnit("s", 1_000_000_000, aliases: ["sec", "secs", "second", "seconds"]),
    QuantityUnit("min", 60_000_000_000, aliases: ["m", "mins", "minute", "minutes"]),
    QuantityUnit("h", 3_600_000_000_000, aliases: ["hr", "hrs", "hour", "hours"]),
    QuantityUnit("d", 86_400_000_000_000, aliases: ["day", "days"]),
  ]

  private static let bitRateUnits: [QuantityUnit] = [
    QuantityUnit("bit/s", 1, aliases: ["bps", "b/s", "bits/s"]),
    QuantityUnit("kbit/s", 1000, aliases: ["kbps", "kb/s", "kbits/s", "kbit"]),
    QuantityUnit("Mbit/s", 1_000_000, aliases: ["mbps", "Mb/s", "mbits/s", "mbit"]),
    QuantityUnit("Gbit/s", 1_000_000_000, aliases: ["gbps", "Gb/s", "gbits/s", "gbit"]),
    QuantityUnit("Tbit/s", 1_000_000_000_000, aliases: ["tbps", "Tb/s", "tbits/s", "tbit"]),
  ]

  private static let byteSizeUnits: [QuantityUnit] = [
    QuantityUnit("B", 1, aliases: ["byte", "bytes"]),
    QuantityUnit("kB", 1000, aliases: ["K"]),
    QuantityUnit("KiB", 1 << 10, aliases: ["Ki"]),
    QuantityUnit("MB", 1_000_000, aliases: ["M"]),
    QuantityUnit("MiB", 1 << 20, aliases: ["Mi"]),
    QuantityUnit("GB", 1_000_000_000, aliases: ["G"]),
    QuantityUnit("GiB", 1 << 30, aliases: ["Gi"]),
    QuantityUnit("TB", 1_000_000_000_000, aliases: ["T"]),
    QuantityUnit("TiB", 1 << 40, aliases: ["Ti"]),
    QuantityUnit("PB", 1_000_000_000_000_000, aliases: ["P"]),
    QuantityUnit("PiB", 1 << 50, aliases: ["Pi"]),
  ]

  private static let rateUnits: [QuantityUnit] = [
    QuantityUnit("/s", 1, aliases: ["/sec", "/second", "per second", "Hz"]),
    QuantityUnit("/min", 60, aliases: ["/m", "/minute", "per minute"]),
    QuantityUnit("/h", 3600, aliases: ["/hr", "/hour", "per hour"]),
    QuantityUnit("/d", 86400, aliases: ["/day", "per day"]),
  ]

  /// Regular expression (ECMA 262) of the texts of this kind, for JSON Schema.
  public var pattern: String {
    let number = #"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"#
    let units = units.map { $0.symbol.replacing("/", with: #"\/"#) }.joined(separator: "|")
    switch self {
    case .duration: return "^(\(number) ?(\(units)))+$"
    case .bitRate, .byteSize, .rate: return "^\(number) ?(\(units))$"
    case .clockTime: return #"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?$"#
    case .fraction: return "^\(number) ?%?$"
    }
  }
}

/// One unit of a kind of quantity.
struct QuantityUnit: Sendable {
  var symbol: String
  /// Base units in one; seconds in one period for rates.
  var factor: UInt64
  /// Spellings that are refused with this unit as the suggestion.
  var aliases: [String]

  init(_ symbol: String, _ factor: UInt64, aliases: [String]) {
    self.symbol = symbol
    self.factor = factor
    self.aliases = aliases
  }

  var isPowerOfTen: Bool {
    var rest = factor
    while rest.isMultiple(of: 10) { rest /= 10 }
    return rest == 1
  }
}

/// A text that is no quantity of the kind wanted.
///
/// Whoever knows where the text stands turns it into an `InputDiagnostic` or a usage error.
public struct QuantityError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong, quoting the text.
  public var message: String
  /// What was probably meant, or examples of what is right.
  public var suggestion: String?

  /// An error.
  public init(_ message: String, suggestion: String? = nil) {
    self.message = message
    self.suggestion = suggestion
  }

  /// `message (suggestion)`.
  public var description: String { suggestion.map { "\(message) (\($0))" } ?? message }

  /// The error as a finding about a place of an input.
  public func diagnostic(at place: InputPlace) -> InputDiagnostic {
    InputDiagnostic(place: place, message: message, suggestion: suggestion)
  }
}
