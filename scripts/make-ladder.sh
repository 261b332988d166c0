#!/usr/bin/env bash
# make-ladder.sh FOLDER
# Makes a bitrate ladder like scenarios/media from ffmpeg's synthetic sources: five H.264 renditions from 240p
# to 1080p at 12 frames a second with a key frame every 4 s, AAC sound, and a DASH manifest and HLS playlists over the
# same fragments. Takes about two minutes. No third-party content is involved; bytes differ between ffmpeg versions.
set -euo pipefail

if [[ $# -ne 1 ]]; then
  echo "usage: make-ladder.sh FOLDER" >&2
  exit 2
fi
command -v ffmpeg >/dev/null || { echo "ffmpeg is not installed" >&2; exit 1; }
mkdir -p "$1"
target=$(cd "$1" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

frames_per_second=12
seconds=20
group_of_pictures=$((frames_per_second * 4))
convert() { ffmpeg -nostdin -hide_banner -loglevel error -y "$@"; }
# The same input gives the same bytes: no dates, no encoder names.
repeatable=(-fflags +bitexact -flags:v +bitexact -flags:a +bitexact -map_metadata -1)

# Scenes that cost very different numbers of bits, so that segment sizes vary as they do in films: a moving test
# card, a fractal zoom, cellular life, a slow gradient, black, and noise.
fit="scale=1920:1080:flags=neighbor,format=yuv420p,setsar=1"
convert \
  -f lavfi -i "testsrc2=s=1920x1080:r=$frames_per_second:d=5" \
  -f lavfi -i "mandelbrot=s=640x360:r=$frames_per_second:start_scale=2:end_scale=0.002:end_pts=60" \
  -f lavfi -i "life=s=160x90:r=$frames_per_second:seed=7:ratio=0.3:mold=8:death_color=#223344:life_color=#ddeeaa" \
  -f lavfi -i "gradients=s=640x360:r=$frames_per_second:d=3:seed=7:speed=0.02" \
  -f lavfi -i "color=c=black:s=1920x1080:r=$frames_per_second:d=1.5" \
  -f lavfi -i "testsrc2=s=1920x1080:r=$frames_per_second:d=3.5,noise=alls=24:allf=t:all_seed=7" \
  -filter_complex "
    [0]$fit[card];
    [1]trim=duration=4.5,setpts=PTS-STARTPTS,$fit[zoom];
    [2]trim=duration=4,setpts=PTS-STARTPTS,$fit[life];
    [3]$fit[gradient];
    [4]$fit[black];
    [5]$fit[noise];
    [card][zoom][life][gradient][black][noise]concat=n=6,trim=duration=$seconds.5[picture]" \
  -map "[picture]" -c:v libx264 -qp 0 -preset ultrafast -threads 2 "$scratch/master.mkv"
convert -f lavfi -i "sine=frequency=440:beep_factor=4:sample_rate=44100,aformat=channel_layouts=stereo" \
  -t "$seconds.5" -c:a aac -b:a 64k "${repeatable[@]}" "$scratch/sound.mp4"

inputs=()
maps=()
index=0
# Height and peak rate in kbit/s. Constant quality under a cap: sizes follow the scenes.
for rung in 240:80 360:160 480:300 720:700 1080:1200; do
  height=${rung%:*}
  peak_kbps=${rung#*:}
  convert -i "$scratch/master.mkv" -vf "scale=-2:$height" -c:v libx264 -preset medium -threads 1 -crf 27 \
    -maxrate "${peak_kbps}k" -bufsize "$((peak_kbps * 2))k" \
    -g "$group_of_pictures" -keyint_min "$group_of_pictures" -sc_threshold 0 \
    -video_track_timescale $((frames_per_second * 1000)) "${repeatable[@]}" "$scratch/v$height.mp4"
  inputs+=(-i "$scratch/v$height.mp4")
  maps+=(-map "$index")
  index=$((index + 1))
done

cd "$target"
convert "${inputs[@]}" -i "$scratch/sound.mp4" "${maps[@]}" -map "$index" -t 19.8 -c copy "${repeatable[@]}" \
  -f dash -seg_duration 4 -use_template 1 -use_timeline 1 -hls_playlist 1 \
  -init_seg_name 'init-$RepresentationID$.mp4' -media_seg_name 'seg-$RepresentationID$-$Number%03d$.m4s' \
  -adaptation_sets "id=0,streams=v id=1,streams=a" manifest.mpd
