"""What the tests need that not every Envoy has.

What a rendering is refused for, the command says itself (`rig.envoy.refused`). Here is what shows only when it runs.
"""

from __future__ import annotations

import pytest

from .envoy import envoy_version

# On an older Envoy than this the tests' gateways have one attempt (`rig.gateway`), and these tests are about the next.
ANOTHER_ATTEMPT = (1, 37)
NEED_ANOTHER_ATTEMPT = {
    "test_bedrock.py": (
        "test_a_damaged_first_event_fails_over",
        "test_an_exception_as_the_first_event_fails_over",
        "test_bedrock_answers_for_openai",
        "test_throttling_fails_over",
    ),
    "test_chain.py": (
        "test_an_error_as_the_first_event_is_answered_by_the_next_one",
        "test_the_next_one_answers",
        "test_when_all_fail_the_last_ones_error_is_told",
    ),
    "test_cohere.py": (
        "test_an_error_as_the_first_event_fails_over",
        "test_cohere_answers_for_openai",
        "test_openai_answers_for_cohere",
    ),
    "test_compat.py": ("test_one_answers_for_another",),
    "test_completions.py": ("test_another_format_answers_when_one_fails",),
    "test_credentials.py": (
        "test_a_provider_that_refuses_its_token_fails_over",
        "test_failover_carries_nothing_of_a_signature",
        "test_of_providers_of_one_format_the_one_without_a_key_shows_none",
        "test_without_an_aws_credential_nothing_of_anyone_is_sent",
    ),
    "test_ejection.py": (
        "test_a_failing_provider_is_ejected_skipped_and_tried_again",
        "test_refused_connections_eject_too",
        "test_what_the_client_did_wrong_ejects_nobody",
        "test_with_all_ejected_they_are_still_tried",
    ),
    "test_embeddings.py": (
        "test_a_reply_that_cannot_be_read_is_tried_elsewhere",
        "test_openai_then_gemini_then_cohere",
        "test_rerank_passes_to_a_compatible_host_and_fails_over",
    ),
    "test_errors.py": ("test_a_body_just_under_the_limit",),
    "test_failover.py": (
        "test_a_context_that_is_too_long_is_served_elsewhere",
        "test_a_first_error_event_in_pieces_fails_over",
        "test_a_hang_costs_one_per_try_timeout",
        "test_a_stream_that_breaks_before_its_first_event_fails_over",
        "test_an_empty_stream_fails_over",
        "test_an_error_as_the_first_event_fails_over",
        "test_anthropic_answers_for_openai",
    ),
    "test_gemini.py": ("test_gemini_answers_for_openai",),
    "test_hostile.py": (
        "test_a_line_of_a_stream_that_does_not_end",
        "test_a_provider_sends_headers_without_end",
        "test_a_provider_sends_it_in_a_head",
        "test_a_provider_sends_it_in_a_reply",
        "test_a_provider_that_sends_what_no_http_is_for_a_long_time",
        "test_a_reply_that_does_not_end",
    ),
    "test_interleaved.py": ("test_nobody_gets_what_is_another_ones",),
    "test_llmock.py": ("test_failover",),
    "test_manners.py": (
        "test_retry_after_cools_the_target_in_all_workers_and_not_the_client",
        "test_the_access_log_tells_who_served",
        "test_with_all_cooling_all_are_asked",
    ),
    "test_messages.py": ("test_an_error_as_the_first_event_fails_over", "test_an_error_status_fails_over",),
    "test_passthrough.py": (
        "test_25_megabytes_pass_with_default_limits",
        "test_a_reset_is_tried_elsewhere",
        "test_another_provider_is_asked",
    ),
    "test_realtime.py": ("test_a_provider_that_is_down_fails_over", "test_a_refusal_before_the_session_fails_over",),
    "test_responses.py": (
        "test_anthropic_goes_on_without_openais_reasoning",
        "test_failover",
        "test_responses_answers_for_openai",
    ),
    "test_responses_client.py": ("test_an_error_as_first_event_fails_over", "test_failover",),
    "test_sdk.py": ("test_the_sdk_does_not_notice_a_failover",),
    "test_security.py": ("test_a_provider_cannot_keep_a_request_from_the_next_one",),
    "test_upstream.py": ("test_internal_headers_of_a_client_do_not_steer", "test_nothing_of_attempt_one_is_in_attempt_two",),
    "test_vertex.py": ("test_claude_answers_for_gemini",),
}

# On an older Envoy than this a connection takes in as much as the largest body (docs/envoy.md): more memory, and what is too
# large may be Envoy's own to refuse.
NEED_THE_LIMIT = {
    "test_hostile.py": ("test_a_client_sends_100_mb",),
    "test_overload.py": ("test_a_thousand_requests_of_5_mb",),
}

# On an older Envoy than this the process ends when the filter fails at a reply (seen with 1.36.4).
NEED_SURVIVAL = {
    "test_panic.py": (
        "test_it_costs_what_is_in_flight_on_that_worker_and_nothing_else", "test_many_at_once",
        "test_the_very_next_request_is_served",
    ),
}
# What docs/envoy-gateway.md says needs Envoy Gateway 1.7.
NEED_GATEWAY_17 = {
    "test_envoy_gateway.py": (
        "test_held_a_provider_is_asked_again_by_status",
        "test_two_roles_answer_in_the_clients_api",
        "test_two_roles_fail_over_across_formats",
        "test_two_roles_keep_what_is_larger_than_the_listener_holds",
        "test_two_roles_take_no_orders_from_clients",
    ),
}
# Counts the greetings of two tries.
NEED_A_SECOND_TRY = {"test_security.py": ("test_only_the_right_certificate_is_shown_a_key",)}

NEEDS = (
    ((1, 37), NEED_SURVIVAL, "an Envoy that outlives a filter that fails at a reply needs Envoy 1.37"),
    (ANOTHER_ATTEMPT, NEED_A_SECOND_TRY, "another attempt needs Envoy 1.37"),
    (ANOTHER_ATTEMPT, NEED_ANOTHER_ATTEMPT, "another attempt after a reply needs Envoy 1.37"),
    ((1, 37), NEED_GATEWAY_17, "Envoy Gateway 1.7 needs Envoy 1.37"),
    ((1, 37), NEED_THE_LIMIT, "a limit of bodies on the gateway's route alone needs Envoy 1.37"),
)


def mark(items: list[pytest.Item]) -> None:
    """Leaves out what the Envoy under test cannot do. A name that no test has is a mistake in the lists."""
    found: dict[str, set[str]] = {}
    for item in items:
        function = getattr(item, "originalname", item.name)
        found.setdefault(item.path.name, set()).add(function)
        for version, tests, reason in NEEDS:
            if envoy_version() < version and function in tests.get(item.path.name, ()):
                item.add_marker(pytest.mark.skip(reason=reason))
    for _, tests, _ in NEEDS:
        for file, functions in tests.items():
            # A part of a file may have been asked for.
            if file in found and len(found[file]) > len(functions) and (gone := set(functions) - found[file]):
                raise pytest.UsageError(f"rig/older.py names tests that {file} does not have: {gone}")
