// The table of all keys for the documentation, in Markdown.

extension SettingsTable where Group: SettingsGroup {
  /// All keys as Markdown: one table a group, under a heading with the path of the group.
  /// - Parameter title: Heading of the outermost group.
  public func markdown(title: String) -> String {
    description.markdown(path: "", title: title, defaults: resolved(Group()))
  }
}

extension SettingsDescription {
  fileprivate func markdown(path: String, title: String, defaults: JSONValue) -> String {
    var text = "\(path.isEmpty ? "##" : "###") \(title)\n\n\(summary)\n\n"
    text += "| key | value | default | allowed | meaning |\n|---|---|---|---|---|\n"
    for key in keys {
      let standard: String
      if key.isRequired {
        standard = "required"
      } else if key.shape.innerGroup != nil, let value = defaults[key.name], value != .null, value != [] {
        standard = "see below"
      } else {
        standard = "`\(defaults[key.name]?.text() ?? "null")`"
      }
      let cells = ["`\(key.name)`", key.shape.phrase, standard, key.shape.allowed, key.summary]
      text += "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
    }
    text += "\n"
    for key in keys {
      let inner = key.shape.innerDefaults(defaults[key.name] ?? .null)
      guard let group = key.shape.innerGroup else { continue }
      let innerPath = path.isEmpty ? key.name : "\(path).\(key.name)"
      text += group.markdown(path: innerPath, title: "`\(innerPath)\(key.shape.isList ? "[]" : "")`", defaults: inner)
    }
    return text
  }
}

extension SettingsShape {
  /// The defaults of the group inside an optional or a list.
  fileprivate func innerDefaults(_ defaults: JSONValue) -> JSONValue {
    switch self {
    case .optional(let shape, let whenGiven): shape.innerDefaults(defaults == .null ? whenGiven : defaults)
    case .list(let shape, _, let item): shape.innerDefaults(item)
    default: defaults
    }
  }

  fileprivate var isList: Bool {
    if case .list = self { return true }
    return false
  }
}
