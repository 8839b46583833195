#!/usr/bin/env python3
"""Compares which notes of MIDI files are drums with what FluidSynth plays with a drum kit.

    scripts/drum_parts.py PROGRAM [--font FONT.sf2] [--random COUNT] [SONG.mid …]

PROGRAM is strikeline. FluidSynth's library plays each song with a SoundFont, and for each note it is asked whether its channel
has a preset of bank 128, the drum kits. Random songs are of three kinds: after an XG reset, after a General MIDI reset, and
without either; in each, banks and programs are selected on four channels. FluidSynth has to be told the kind (its option
synth.midi-bank-select). It knows neither "Use for Rhythm Part" of GS (version 2.3.1) nor the banks of General MIDI 2: songs
with these differ, and are listed. Needs libfluidsynth; without it the script says so and exits with 77, as a test that was
skipped.
"""

import argparse
import ctypes
import ctypes.util
import json
import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

NOTE_ON = 0x90
DRUM_BANK = 128
RESETS = {
    "xg": bytes([0, 0xF0, 8, 0x43, 0x10, 0x4C, 0, 0, 0x7E, 0, 0xF7]),
    "gm": bytes([0, 0xF0, 5, 0x7E, 0x7F, 9, 1, 0xF7]),
    "gs": b"",
}


def load():
    """FluidSynth's library, with the types of the functions that are used."""
    name = ctypes.util.find_library("fluidsynth")
    if name is None:
        print("skipped: there is no libfluidsynth")
        sys.exit(77)
    library = ctypes.CDLL(name)
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for made in ["new_fluid_settings", "new_fluid_synth", "new_fluid_player", "fluid_synth_get_channel_preset"]:
        getattr(library, made).restype = pointer
    for function, arguments in {
        "new_fluid_synth": [pointer],
        "new_fluid_player": [pointer],
        "fluid_settings_setstr": [pointer, text, text],
        "fluid_settings_setnum": [pointer, text, ctypes.c_double],
        "fluid_settings_setint": [pointer, text, ctypes.c_int],
        "fluid_synth_sfload": [pointer, text, ctypes.c_int],
        "fluid_synth_handle_midi_event": [pointer, pointer],
        "fluid_player_add": [pointer, text],
        "fluid_player_play": [pointer],
        "fluid_player_get_status": [pointer],
        "fluid_synth_get_channel_preset": [pointer, ctypes.c_int],
        "fluid_preset_get_banknum": [pointer],
        "fluid_synth_write_s16": [pointer, ctypes.c_int] + 2 * [pointer, ctypes.c_int, ctypes.c_int],
        "delete_fluid_player": [pointer],
        "delete_fluid_synth": [pointer],
        "delete_fluid_settings": [pointer],
        **{f"fluid_midi_event_get_{what}": [pointer] for what in ["type", "channel", "key", "velocity"]},
    }.items():
        getattr(library, function).argtypes = arguments
    return library


def of_fluidsynth(library, font, song, style):
    """Channel and key of each drum, sorted; and the number of all notes."""
    callback_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    library.fluid_player_set_playback_callback.argtypes = [ctypes.c_void_p, callback_type, ctypes.c_void_p]
    settings = library.new_fluid_settings()
    library.fluid_settings_setstr(settings, b"synth.midi-bank-select", style.encode())
    library.fluid_settings_setstr(settings, b"player.timing-source", b"sample")
    library.fluid_settings_setnum(settings, b"synth.sample-rate", 8000.0)
    library.fluid_settings_setint(settings, b"synth.polyphony", 1)
    library.fluid_settings_setint(settings, b"synth.reverb.active", 0)
    library.fluid_settings_setint(settings, b"synth.chorus.active", 0)
    synthesiser = library.new_fluid_synth(settings)
    library.fluid_synth_sfload(synthesiser, str(font).encode(), 1)
    player = library.new_fluid_player(synthesiser)
    drums, notes = [], 0

    def play(_, event):
        nonlocal notes
        if library.fluid_midi_event_get_type(event) != NOTE_ON or library.fluid_midi_event_get_velocity(event) == 0:
            return library.fluid_synth_handle_midi_event(synthesiser, event)
        channel = library.fluid_midi_event_get_channel(event)
        preset = library.fluid_synth_get_channel_preset(synthesiser, channel)
        notes += 1
        if preset and library.fluid_preset_get_banknum(preset) == DRUM_BANK:
            drums.append((channel + 1, library.fluid_midi_event_get_key(event)))
        return 0

    callback = callback_type(play)
    library.fluid_player_set_playback_callback(player, callback, None)
    library.fluid_player_add(player, str(song).encode())
    library.fluid_player_play(player)
    frames = 8192
    block = ctypes.create_string_buffer(4 * frames)
    while library.fluid_player_get_status(player) == 1:
        library.fluid_synth_write_s16(synthesiser, frames, block, 0, 2, block, 1, 2)
    library.delete_fluid_player(player)
    library.delete_fluid_synth(synthesiser)
    library.delete_fluid_settings(settings)
    return sorted(drums), notes


def of_program(program, song):
    """The same by strikeline, and whether it went by the names of tracks."""
    done = subprocess.run([program, "inspect", "--json", "--notes", song], capture_output=True, check=False)
    if done.returncode:
        return None
    report = json.loads(done.stdout)
    by_name = any(role["reason"] == "name" for part in report["parts"] for role in part["roles"])
    return None if by_name else sorted((note["channel"], note["key"]) for note in report["notes"])


def random_song(numbers, kind):
    """A song of one track."""
    track = RESETS[kind]
    for _ in range(60):
        channel, what = numbers.choice([0, 8, 9, 10]), numbers.random()
        if what < 0.25:
            bank = numbers.choice([0, 8, 64, 126, 127])
            # FluidSynth keeps the bank of the drums until the fine one is selected.
            track += bytes([5, 0xB0 | channel, 0, bank, 0, 0xB0 | channel, 32, 0])
        elif what < 0.55:
            track += bytes([5, 0xC0 | channel, numbers.choice([0, 8, 25])])
        else:
            track += bytes([5, 0x90 | channel, numbers.randrange(128), 100])
    track += b"\0\xff\x2f\0"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 96) + b"MTrk" + struct.pack(">I", len(track)) + track


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("songs", nargs="*", type=Path)
    parser.add_argument("--font", default="/usr/share/sounds/sf2/TimGM6mb.sf2", type=Path)
    parser.add_argument("--random", default=0, type=int, help="so many random songs of each kind")
    arguments = parser.parse_intermixed_args()
    library = load()
    same, differ, notes = 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        songs = [(song, "gs") for song in arguments.songs]
        numbers = random.Random(1)
        for kind in RESETS:
            for index in range(arguments.random):
                song = Path(folder, f"{kind}-{index}.mid")
                song.write_bytes(random_song(numbers, kind))
                songs.append((song, kind))
        for song, kind in songs:
            ours = of_program(arguments.program, song)
            if ours is None:
                print(f"{song.name}: left out: no song, or one with drums by name")
                continue
            theirs, count = of_fluidsynth(library, arguments.font, song, kind)
            notes += count
            if ours == theirs:
                same += 1
            else:
                differ += 1
                print(f"{song.name}: {len(ours)} drums, FluidSynth has {len(theirs)} of {count} notes")
    print(f"{same} songs with the same drums, {differ} that differ, {notes} notes")
    return differ > 0


if __name__ == "__main__":
    sys.exit(main())
