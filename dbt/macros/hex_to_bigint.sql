{#- The number that a text of up to eight hexadecimal digits stands for; each engine reads them in a way of its own. -#}
{% macro hex_to_bigint(text) -%}
    {{ return(adapter.dispatch('hex_to_bigint')(text)) }}
{%- endmacro %}

{% macro duckdb__hex_to_bigint(text) -%}
    cast('0x' || {{ text }} as bigint)
{%- endmacro %}

{% macro postgres__hex_to_bigint(text) -%}
    cast(cast('x' || {{ text }} as bit(32)) as bigint)
{%- endmacro %}
