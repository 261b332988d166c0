// Rows of data for a network: inputs and labels from NumPy arrays or CSV, checked against the model.

public import TextFormats

/// Inputs, and labels where there are some.
public struct DataRows: Sendable {
  /// One row of the model's input shape an index on axis 0.
  public var inputs: Tensor
  /// The class of each row; empty where none are known.
  public var labels: [Int]

  /// Rows with labels.
  public init(inputs: Tensor, labels: [Int] = []) {
    self.inputs = inputs
    self.labels = labels
  }

  /// Number of rows.
  public var count: Int { inputs.shape.first ?? 0 }

  /// The rows at the given indices.
  public func rows(_ indices: [Int]) -> DataRows {
    DataRows(inputs: inputs.rows(indices), labels: labels.isEmpty ? [] : indices.map { labels[$0] })
  }

  /// How the columns of a CSV are read.
  public struct Columns: Sendable {
    /// First and last feature column by name; all between them are features too.
    public var features: (first: String, last: String)
    /// The column of the class.
    public var label: String?
    /// What every feature is multiplied by.
    public var scale: Double
    /// Which rows: those with this value in the column `split`; all where `nil`.
    public var split: String?

    /// A reading of columns.
    public init(features: (first: String, last: String), label: String?, scale: Double, split: String?) {
      self.features = features
      self.label = label
      self.scale = scale
      self.split = split
    }
  }

  /// Reads rows from CSV.
  /// - Throws: `FileError`, or `InputError` for a missing column, a field that is no number, or no row of the split.
  public init(csv path: String, _ columns: Columns, rowShape: [Int]) throws {
    var reader = try CSVReader(file: path)
    guard let header = try reader.next()?.texts else {
      throw InputError(InputPlace(source: path, line: 1), "the text is empty where a header row is wanted")
    }
    func column(_ name: String) throws(InputError) -> Int {
      if let index = header.firstIndex(of: name) { return index }
      throw InputError(
        InputPlace(source: path, line: 1), "the column '\(name)' is missing",
        suggestion: NameSuggestion.phrase(for: name, in: header))
    }
    let (first, last) = (try column(columns.features.first), try column(columns.features.last))
    let split = columns.split == nil ? nil : try column("split")
    var label: Int?
    if let name = columns.label { label = try column(name) }
    let width = rowShape.reduce(1, *)
    guard last >= first, last - first + 1 == width else {
      throw InputError(
        InputPlace(source: path, line: 1),
        "the columns \(columns.features.first) to \(columns.features.last) are \(last - first + 1), the model's input "
          + "\(rowShape) has \(width)")
    }
    var values: [Float] = []
    var labels: [Int] = []
    var count = 0
    while let row = try reader.next() {
      if let split, row[split] != columns.split { continue }
      for index in first...last {
        let value = try row.double(index)
        let scaled = Float(value * columns.scale)
        guard scaled.isFinite else {
          throw InputError(InputPlace(source: path), "row \(count + 1) has \(value) in the column '\(header[index])'")
        }
        values.append(scaled)
      }
      if let label { labels.append(Int(try row.integer(label))) }
      count += 1
    }
    guard count > 0 else {
      throw InputError(
        InputPlace(source: path), columns.split.map { "no row has '\($0)' in the column split" } ?? "it has no rows")
    }
    self.init(inputs: Tensor(shape: [count] + rowShape, values: values), labels: labels)
  }

  /// Takes the rows of an array.
  /// - Throws: `InputError` if the array is empty, its rows do not fill the model's input, or a number is not finite.
  public init(_ array: NumpyArray, rowShape: [Int], source: String) throws(InputError) {
    let place = InputPlace(source: source)
    let width = rowShape.reduce(1, *)
    guard let count = array.shape.first, count > 0, array.values.count == count * width else {
      throw InputError(place, "an array of shape \(array.shape) is no set of rows of the model's input \(rowShape)")
    }
    if let index = array.values.firstIndex(where: { !Float($0).isFinite }) {
      throw InputError(place, "element \(index) is \(array.values[index])")
    }
    self.init(inputs: Tensor(shape: [count] + rowShape, values: array.values.map { Float($0) }))
  }

  /// Adds the classes from an array.
  /// - Throws: `InputError` if there is not one whole number a row.
  public mutating func setLabels(_ array: NumpyArray, source: String) throws(InputError) {
    let place = InputPlace(source: source)
    guard array.values.count == count else {
      throw InputError(place, "\(array.values.count) labels for \(count) rows")
    }
    labels = []
    for (index, value) in array.values.enumerated() {
      guard let label = Int(exactly: value) else { throw InputError(place, "label \(index) is \(value)") }
      labels.append(label)
    }
  }

  /// - Throws: `InputError` if a label is no class of a model with so many outputs.
  public func checkLabels(classes: Int, source: String) throws(InputError) {
    guard let index = labels.firstIndex(where: { !(0..<classes).contains($0) }) else { return }
    throw InputError(
      InputPlace(source: source),
      "the label of row \(index) is \(labels[index]), the model has the classes 0 to \(classes - 1)")
  }
}
