// A media player frame by frame, after NuPlayer: messages with generations, named stages, every frame accounted for.
//
//   setDataSource -> sniff -> prepare -> start -> scanSources -> codec Loaded -> Idle -> Executing
//     -> fill input / empty output -> renderer (audio clock, late frames) -> end of stream -> codec released
//   seek: flush both codecs -> source to the previous sync frame -> resume, frames before the target are skipped

internal import SimEngine

/// Plays files through the stages of a media player.
public enum MediaPipeline {
  /// Plays one file, or a media segment with its initialisation segment, to its end.
  ///
  /// A file that cannot be played ends in the stage `Failed` with the reason; it never throws.
  /// - Complexity: O(units log units) time.
  public static func play(
    path: String, initialization: String? = nil, settings: PipelineSettings = PipelineSettings()
  ) -> PipelineReport {
    var run = PipelineRun(settings: settings)
    return run.play(path: path, initialization: initialization)
  }

  /// Plays the segments of a streaming session again, frame by frame, until its viewer leaves.
  ///
  /// - Complexity: O(units log units) time.
  public static func play(_ media: StreamedMedia, settings: PipelineSettings = PipelineSettings()) -> PipelineReport {
    var run = PipelineRun(settings: settings)
    return run.play(media)
  }
}
