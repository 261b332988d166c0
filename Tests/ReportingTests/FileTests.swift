import Glibc
import Reporting
import TextFormats
import Testing

@Suite("Files") struct FileTests {
  @Test("a file appears only when it is committed, whole")
  func commit() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/a.csv"
    try AtomicFile.write("old", to: path)
    let file = try AtomicFile(path)
    let block = String(repeating: "x", count: 100_000)
    for _ in 0..<5 { try file.write(block) }
    #expect(try folder.text("a.csv") == "old")
    #expect(folder.names.count == 2)
    try file.commit()
    #expect(try folder.text("a.csv") == String(repeating: block, count: 5))
    #expect(folder.names == ["a.csv"])
  }

  @Test("a file that is dropped or discarded leaves nothing behind")
  func discard() throws {
    let folder = try TemporaryFolder()
    do {
      let file = try AtomicFile("\(folder.path)/a")
      try file.write("half")
      #expect(folder.names.count == 1)
    }
    let file = try AtomicFile("\(folder.path)/b")
    file.discard()
    #expect(folder.names.isEmpty)
  }

  @Test("what cannot be written is reported with the path and the reason of the system")
  func failures() throws {
    #expect(throws: FileError(.write, path: "/nowhere/x", reason: "No such file or directory")) {
      try AtomicFile.write("", to: "/nowhere/x")
    }
    let full = FileError(.write, path: "/proc/simrun", reason: "No such file or directory")
    #expect(throws: full) { try OutputDirectory("/proc/simrun/out") }
    let folder = try TemporaryFolder()
    try AtomicFile.write("", to: "\(folder.path)/file")
    #expect(throws: FileError(.write, path: "\(folder.path)/file", reason: "it is a file where a folder is wanted")) {
      try OutputDirectory("\(folder.path)/file/x")
    }
  }

  @Test("two runs do not write into one folder; the next one cleans up after a killed one")
  func lock() throws {
    let folder = try TemporaryFolder()
    do {
      let first = try OutputDirectory(folder.path + "//")
      #expect(first.path == folder.path)
      let reason = "another run (process \(getpid())) writes into this folder; wait for it or give another --out"
      #expect(throws: FileError(.write, path: folder.path, reason: reason)) { try OutputDirectory(folder.path) }
    }
    #expect(folder.names.isEmpty)
    try AtomicFile.write("rest", to: "\(folder.path)/.summary.csv.1.0.partial")
    let second = try OutputDirectory(folder.path)
    #expect(folder.names == [".lock"])
    try second.write("x", to: "y")
    #expect(second.contains("y"))
  }

  @Test("folders are made with their parents")
  func parents() throws {
    let folder = try TemporaryFolder()
    do { _ = try OutputDirectory("\(folder.path)/a/b") }
    #expect(access("\(folder.path)/a/b", F_OK) == 0)
    rmdir("\(folder.path)/a/b")
    rmdir("\(folder.path)/a")
  }

  @Test(
    "SHA-256 agrees with the vectors of FIPS 180-4",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
    ])
  func checksum(text: String, expected: String) { #expect(SHA256.hexadecimal(of: text) == expected) }

  @Test("SHA-256 of a million letters does not depend on the pieces they come in")
  func longChecksum() {
    var hash = SHA256()
    var left = 1_000_000
    var piece = 1
    while left > 0 {
      let count = min(piece, left)
      hash.update(repeatElement(UInt8(ascii: "a"), count: count))
      left -= count
      piece = piece * 3 % 1001 + 1
    }
    #expect(hash.hexadecimal() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }
}
