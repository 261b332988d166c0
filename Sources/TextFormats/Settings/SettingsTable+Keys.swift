// The short forms in which tables are written, one for each kind of value.

extension SettingsTable {
  /// A whole number without a unit, such as a count.
  public func integer<Value: FixedWidthInteger & Sendable>(
    _ key: String, _ path: SettingsPath<Group, Value>, _ range: ClosedRange<Value>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .integer(range), summary)
  }

  /// A number without a unit.
  public func number(
    _ key: String, _ path: SettingsPath<Group, Double>, _ range: ClosedRange<Double>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .number(range), summary)
  }

  /// A duration (`"4s"`), held in nanoseconds.
  public func duration(
    _ key: String, _ path: SettingsPath<Group, Int64>, _ range: ClosedRange<Int64>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .quantity(.duration, range), summary)
  }

  /// An amount of data (`"20TB"`), held in bytes.
  public func bytes(
    _ key: String, _ path: SettingsPath<Group, Int64>, _ range: ClosedRange<Int64>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .quantity(.byteSize, range), summary)
  }

  /// A bit rate (`"25Mbit/s"`), held in bits per second.
  public func bitRate(
    _ key: String, _ path: SettingsPath<Group, Int64>, _ range: ClosedRange<Int64>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .quantity(.bitRate, range), summary)
  }

  /// A time of day (`"21:00"`), held in nanoseconds since midnight.
  public func clock(
    _ key: String, _ path: SettingsPath<Group, Int64>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .quantity(.clockTime, 0...86_399_999_999_999), summary)
  }

  /// A rate (`"40/h"`), held per second; the range too is per second.
  public func rate(
    _ key: String, _ path: SettingsPath<Group, Double>, _ range: ClosedRange<Double>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .rate(range), summary)
  }

  /// A share (`0.2` or `"20%"`).
  public func fraction(
    _ key: String, _ path: SettingsPath<Group, Double>, _ range: ClosedRange<Double>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .fraction(range), summary)
  }

  /// A share from 0 to 1.
  public func fraction(
    _ key: String, _ path: SettingsPath<Group, Double>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .fraction(0...1), summary)
  }

  /// `true` or `false`.
  public func flag(
    _ key: String, _ path: SettingsPath<Group, Bool>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .flag, summary)
  }

  /// Text without control characters.
  public func text(
    _ key: String, _ path: SettingsPath<Group, String>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .text, summary)
  }

  /// One of the cases of an enumeration.
  public func choice<Value: RawRepresentable & CaseIterable & Sendable>(
    _ key: String, _ path: SettingsPath<Group, Value>, _ summary: String
  ) -> SettingsTable where Value.RawValue == String {
    value(key, path, .choice, summary)
  }

  /// An array of numbers without a unit.
  public func numbers(
    _ key: String, _ path: SettingsPath<Group, [Double]>, count: ClosedRange<Int>,
    _ range: ClosedRange<Double>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .list(.number(range), count, initial: range.lowerBound), summary)
  }

  /// An array of texts.
  public func texts(
    _ key: String, _ path: SettingsPath<Group, [String]>, _ count: ClosedRange<Int>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .list(.text, count, initial: ""), summary)
  }

  /// A nested group.
  public func group<Value: SettingsGroup>(
    _ key: String, _ path: SettingsPath<Group, Value>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .group, summary)
  }

  /// A nested group that may be absent; when it is given, its other keys have the defaults of its `init()`.
  public func optionalGroup<Value: SettingsGroup>(
    _ key: String, _ path: SettingsPath<Group, Value?>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .optional(.group, initial: Value()), summary)
  }

  /// An array of groups; each starts from the defaults of its `init()`.
  public func list<Value: SettingsGroup>(
    _ key: String, _ path: SettingsPath<Group, [Value]>, _ count: ClosedRange<Int>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .list(.group, count, initial: Value()), summary)
  }

  /// One of several forms, named by the only key of an object: `{"lognormal": {"mean": 42, "cv": 0.35}}`.
  public func variant<Value: SettingsVariant>(
    _ key: String, _ path: SettingsPath<Group, Value>, _ summary: String
  ) -> SettingsTable {
    value(key, path, .variant, summary)
  }
}
