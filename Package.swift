// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target.
///
/// Libraries carry no unsafe flags, so that other packages can depend on them; their hot generic types are `@inlinable`
/// instead.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

/// Executables run the hot loops as written: exclusivity is proved by the type system (values passed `inout`).
let executableSettings: [SwiftSetting] =
  settings + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
  name: "simrun",
  products: [
    .executable(name: "simrun", targets: ["simrun"]),
    .library(name: "SimEngine", targets: ["SimEngine"]),
    .library(name: "MediaFormats", targets: ["MediaFormats"]),
    .library(name: "QuantEval", targets: ["QuantEval"]),
    .library(
      name: "StreamingModels",
      targets: ["NetModel", "CDNModel", "ClusterModel", "PlayerModel", "BackendModel", "IngestModel", "Platform"]),
  ],
  targets: [
    // System libraries: a module map each.
    .systemLibrary(name: "CGSL", pkgConfig: "gsl", providers: [.apt(["libgsl-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CPrefetch"),
    .systemLibrary(name: "CBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),

    // Loops over bytes for which processors have instructions that Swift does not reach; plain C, no flags.
    .target(name: "CIntegerKernels"),

    // Ground floor: the clock, and the text that people write.
    module("SimEngine", ["CGSL"]),
    module("TextFormats"),
    module("Arguments", ["TextFormats"]),

    // Formats and numerics: know no clock.
    module("MediaFormats", ["TextFormats"]),
    module("QuantEval", ["SimEngine", "TextFormats", "CBLAS", "CIntegerKernels", "CZlib"]),

    // Models: never import each other.
    module("NetModel", ["SimEngine", "TextFormats"]),
    module("CDNModel", ["SimEngine", "TextFormats", "CZlib", "CZstd", "CPrefetch"]),
    module("ClusterModel", ["SimEngine", "TextFormats"]),
    module("PlayerModel", ["SimEngine", "TextFormats", "MediaFormats"]),
    module("BackendModel", ["SimEngine", "TextFormats"]),
    module("IngestModel", ["SimEngine", "TextFormats", "MediaFormats"]),

    // The streaming platform assembled from the models.
    module(
      "Platform",
      [
        "SimEngine", "TextFormats", "MediaFormats", "NetModel", "CDNModel", "ClusterModel", "PlayerModel",
        "BackendModel", "IngestModel",
      ]),

    // Studies run the platform; Reporting writes what they find.
    module("Reporting", ["SimEngine", "TextFormats", "CSQLite"]),
    module(
      "Studies", ["Platform", "CDNModel", "NetModel", "PlayerModel", "Reporting", "SimEngine", "TextFormats"]),

    .executableTarget(
      name: "simrun",
      dependencies: [
        "Arguments", "Studies", "Reporting", "Platform", "NetModel", "CDNModel", "ClusterModel", "PlayerModel",
        "MediaFormats", "QuantEval", "TextFormats", "SimEngine",
      ],
      swiftSettings: executableSettings),
    .executableTarget(
      name: "simbench",
      dependencies: [
        "SimEngine", "NetModel", "CDNModel", "ClusterModel", "PlayerModel", "MediaFormats", "QuantEval", "TextFormats",
      ],
      path: "Benchmarks/simbench",
      swiftSettings: executableSettings),

    tests("SimEngineTests", ["SimEngine", "CGSL"]),
    tests("TextFormatsTests", ["TextFormats"]),
    tests("ArgumentsTests", ["Arguments", "TextFormats"]),
    tests("MediaFormatsTests", ["MediaFormats", "TextFormats"]),
    tests("NetModelTests", ["NetModel", "SimEngine", "TextFormats"]),
    tests("CDNModelTests", ["CDNModel", "SimEngine", "TextFormats"]),
    tests("ClusterModelTests", ["ClusterModel", "SimEngine", "TextFormats"]),
    tests("BackendModelTests", ["BackendModel", "SimEngine", "TextFormats"]),
    tests("PlayerModelTests", ["PlayerModel", "SimEngine", "TextFormats", "MediaFormats"]),
    tests("IngestModelTests", ["IngestModel", "SimEngine", "TextFormats", "MediaFormats"]),
    tests("PlatformTests", ["Platform", "NetModel", "SimEngine", "TextFormats"]),
    tests("QuantEvalTests", ["QuantEval", "SimEngine", "TextFormats"]),
    tests("ReportingTests", ["Reporting", "TextFormats", "CSQLite"]),
    tests(
      "StudiesTests", ["Studies", "Platform", "CDNModel", "PlayerModel", "Reporting", "SimEngine", "TextFormats"]),
    tests("SimrunTests", ["simrun", "CSQLite"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)
