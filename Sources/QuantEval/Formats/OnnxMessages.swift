// The messages of onnx.proto that a feed-forward network needs, as they stand in the file. What they mean is worked out
// in OnnxReader. Field numbers are those of onnx.proto (ONNX IR specification, version 11).

internal import TextFormats

/// ModelProto.
struct OnnxModel {
  var opset: Int64 = 0
  var graph: OnnxGraph?
  var metadata: [String: String] = [:]
  /// Operators of other domains stay unknown; opset imports of `ai.onnx` and the empty domain count.
  init(_ file: [UInt8], source: String) throws(InputError) {
    var reader = WireReader(file, source: source, path: "model")
    while let field = try reader.next() {
      switch field.number {
      case 7: graph = try OnnxGraph(reader.message(field, "graph"))
      case 8:
        var inner = try reader.message(field, "opset_import")
        var domain = ""
        var version: Int64 = 0
        while let field = try inner.next() {
          if field.number == 1 { domain = try inner.text(field) }
          if field.number == 2 { version = try inner.integer(field) }
        }
        if domain.isEmpty || domain == "ai.onnx" { opset = version }
      case 14:
        var inner = try reader.message(field, "metadata_props")
        var (key, value) = ("", "")
        while let field = try inner.next() {
          if field.number == 1 { key = try inner.text(field) }
          if field.number == 2 { value = try inner.text(field) }
        }
        metadata[key] = value
      default: break
      }
    }
  }
}

/// GraphProto.
struct OnnxGraph {
  var name = ""
  var nodes: [OnnxNode] = []
  var initializers: [OnnxTensor] = []
  var inputs: [OnnxValue] = []
  var outputs: [OnnxValue] = []

  init(_ message: WireReader) throws(InputError) {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: nodes.append(try OnnxNode(reader.message(field, "node[\(nodes.count)]"), offset: field.offset))
      case 2: name = try reader.text(field)
      case 5: initializers.append(try OnnxTensor(reader.message(field, "initializer[\(initializers.count)]")))
      case 11: inputs.append(try OnnxValue(reader.message(field, "input[\(inputs.count)]")))
      case 12: outputs.append(try OnnxValue(reader.message(field, "output[\(outputs.count)]")))
      case 15:
        throw reader.error("sparse initializers are not supported", at: field.offset)
      default: break
      }
    }
  }
}

/// NodeProto.
struct OnnxNode {
  var inputs: [String] = []
  var outputs: [String] = []
  var name = ""
  var type = ""
  var domain = ""
  var attributes: [OnnxAttribute] = []
  /// Where the node starts in the file, in bytes.
  let offset: Int

  init(_ message: WireReader, offset: Int) throws(InputError) {
    self.offset = offset
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: inputs.append(try reader.text(field))
      case 2: outputs.append(try reader.text(field))
      case 3: name = try reader.text(field)
      case 4: type = try reader.text(field)
      case 5: attributes.append(try OnnxAttribute(reader.message(field, "attribute[\(attributes.count)]")))
      case 7: domain = try reader.text(field)
      default: break
      }
    }
  }

  /// The attribute of a name.
  func attribute(_ name: String) -> OnnxAttribute? { attributes.first { $0.name == name } }
}

/// AttributeProto.
struct OnnxAttribute {
  var name = ""
  var float: Float?
  var integer: Int64?
  var text: String?
  var tensor: OnnxTensor?
  var floats: [Float] = []
  var integers: [Int64] = []

  init(_ message: WireReader) throws(InputError) {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try reader.text(field)
      case 2: float = try reader.float(field)
      case 3: integer = try reader.integer(field)
      case 4: text = try reader.text(field)
      case 5: tensor = try OnnxTensor(reader.message(field, "t"))
      case 7: try reader.appendFloats(field, to: &floats)
      case 8: try reader.appendIntegers(field, to: &integers)
      default: break
      }
    }
  }
}

/// ValueInfoProto of a tensor; the extents are `nil` where they are symbolic or missing.
struct OnnxValue {
  var name = ""
  var elementType: Int64 = 0
  var extents: [Int64?]?

  init(_ message: WireReader) throws(InputError) {
    var reader = message
    while let field = try reader.next() {
      if field.number == 1 { name = try reader.text(field) }
      guard field.number == 2 else { continue }
      var type = try reader.message(field, "type")
      while let field = try type.next() {
        guard field.number == 1 else { continue }
        var tensor = try type.message(field, "tensor_type")
        while let field = try tensor.next() {
          if field.number == 1 { elementType = try tensor.integer(field) }
          if field.number == 2 { extents = try Self.extents(tensor.message(field, "shape")) }
        }
      }
    }
  }

  private static func extents(_ message: WireReader) throws(InputError) -> [Int64?] {
    var reader = message
    var extents: [Int64?] = []
    while let field = try reader.next() {
      guard field.number == 1 else { continue }
      var dimension = try reader.message(field, "dim")
      var extent: Int64?
      while let field = try dimension.next() {
        if field.number == 1 { extent = try dimension.integer(field) }
      }
      extents.append(extent)
    }
    return extents
  }
}
