{#- The moment the warehouse describes, as a timestamp in UTC: var `now`, else the start of the run. -#}
{% macro now_utc() -%}
    {%- set given = var('now', '') | string | trim -%}
    {%- set moment = modules.datetime.datetime.fromisoformat(given) if given else run_started_at -%}
    {%- if moment.tzinfo -%}
        {%- set moment = moment.astimezone(modules.pytz.utc) -%}
    {%- endif -%}
    timestamp '{{ moment.strftime("%Y-%m-%d %H:%M:%S.%f") }}'
{%- endmacro %}
