"""Silence, drips, endless streams, garbage and connections that end."""

from __future__ import annotations

import asyncio
import struct

import pytest

from probes.model import Service, Status

HOST = "alloyscan.test"
OK = b"HTTP/1.1 200 OK\r\nServer: test/1\r\nContent-Length: 2\r\n\r\nhi"


async def test_silence_in_the_handshake_ends_with_the_deadline(server, asked, ca_file, mute):
    async with server(mute) as (port, _):
        _, result = await asked(port, ca_file=ca_file, timeout=0.5)
    assert result.status is Status.BLOCKED
    assert result.observation.service is Service.SILENT
    assert result.note.startswith("Open, but it says nothing useful for 0.45 s in the TLS")


async def test_silence_after_the_handshake_keeps_what_was_learned(
    server, asked, ca, ca_file, tmp_path, mute
):
    async with server(mute, ca.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file, timeout=1)
    assert result.observation.service is Service.SILENT
    assert result.observation.facts["certificate"]["subject"] == HOST
    assert "tls" in result.observation.timings_ms
    assert "TLS is right, but it says nothing useful" in result.note


@pytest.mark.parametrize("secure", [False, True])
async def test_a_drip_ends_with_the_deadline(server, asked, ca, ca_file, tmp_path, secure):
    async def drip(reader, writer):
        for byte in (OK if secure else b"\x16\x03\x03\x40\x00") + b"\0" * 10_000:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)

    issued = {"issued": ca.issue(HOST), "folder": tmp_path} if secure else {}
    async with server(drip, **issued) as (port, _):
        _, result = await asked(port, ca_file=ca_file, timeout=0.8)
    assert result.status is Status.BLOCKED
    assert result.observation.service is Service.SILENT


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("reset", [False, True])
async def test_a_connection_that_ends_without_a_word_is_silent(
    server, asked, ca, ca_file, tmp_path, secure, reset
):
    async def leave(reader, writer):
        if reset:
            raw = writer.transport.get_extra_info("socket")
            raw.setsockopt(1, 13, struct.pack("ii", 1, 0))
            writer.transport.abort()

    issued = {"issued": ca.issue(HOST), "folder": tmp_path} if secure else {}
    async with server(leave, **issued) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.BLOCKED
    assert result.observation.service is Service.SILENT
    phase = "http" if secure else "tls"
    assert result.observation.facts["unproven"] == phase
    if not secure:
        assert "perhaps a firewall that filters by server name (SNI)" in result.note
        assert "server name (SNI)" in result.observation.facts["fix"]


async def test_an_endless_stream_over_tls_is_cut_off(server, asked, ca, ca_file, tmp_path):
    async def flood(reader, writer):
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 400)
            await writer.drain()

    async with server(flood, ca.issue(HOST), folder=tmp_path) as (port, _):
        _, result = await asked(port, ca_file=ca_file, timeout=20)
    assert result.status is Status.BLOCKED
    assert result.observation.service is Service.UNEXPECTED


async def test_an_endless_stream_of_tls_records_is_cut_off(server, asked, ca_file):
    async def flood(reader, writer):
        while True:
            # Handshake records with one message that never ends.
            writer.write(b"\x16\x03\x03\x40\x00" + b"\x02\xff\xff\xff" + b"\0" * 0x3FFC)
            await writer.drain()

    async with server(flood) as (port, _):
        _, result = await asked(port, ca_file=ca_file, timeout=20)
    assert result.status is Status.BLOCKED


@pytest.mark.parametrize("garbage", [b"\x16\x03\x03" + bytes(range(256)), b"\xff" * 5000])
async def test_garbage_is_no_fault_of_ours(server, asked, ca_file, garbage):
    async def talk(reader, writer):
        writer.write(garbage)
        await reader.read()

    async with server(talk) as (port, _):
        _, result = await asked(port, ca_file=ca_file)
    assert result.status is Status.BLOCKED
    assert "fault" not in result.note
